export { cleanCanonical, cleanLower, cleanWhitespace } from "./clean-text.ts"
