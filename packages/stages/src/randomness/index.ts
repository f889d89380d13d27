export { RandomStream } from "./random-stream.ts"
