export { formatBytes, formatCount, formatRate, formatSeconds } from "./quantities.ts"
export { RunView, type Screen } from "./run-view.ts"
export { type Styler, stylerFor, usesColour } from "./style.ts"
export { describeProgress, type RunningTask } from "./task-line.ts"
