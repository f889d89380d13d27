export { visible } from "./markup.ts"
export { reportPage } from "./page.ts"
