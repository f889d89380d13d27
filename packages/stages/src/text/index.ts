export { Charsmap } from "./charsmap.ts"
export { cleanCanonical, cleanLower, cleanWhitespace } from "./clean-text.ts"
