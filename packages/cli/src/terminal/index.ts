export { formatBytes, formatRate, formatSeconds } from "./quantities.ts"
export { type Styler, stylerFor } from "./style.ts"
export { describeProgress, type RunningTask } from "./task-line.ts"
