export { type Expectation, misfit } from "./fit.ts"
export { otherKind, type Wanted } from "./kinds.ts"
export { renamed } from "./renamed.ts"
