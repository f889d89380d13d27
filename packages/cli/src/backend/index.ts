export { BackendUnavailable } from "./backend-unavailable.ts"
export { installNativeBackend } from "./install.ts"
export { type BackendStatus, backendStatus } from "./status.ts"
