import countLines from "./count-lines.ts"

/** The stages of this package; a document uses one as `package:my-stages/count-lines`. */
export default [countLines]
