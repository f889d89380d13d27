export { differenceText } from "./difference-text.ts"
export { listText, removalText } from "./list-text.ts"
export { runText } from "./run-text.ts"
export { taskText } from "./task-text.ts"
