/** What a thread that makes images is told when there is no more to do. */
export const CLOSE = "close"
