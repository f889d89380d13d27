import type { Styler } from "../terminal/index.ts"

/** `2026-11-24 05:38:03`, in the user's own time. */
export const momentText = (time: number): string => {
  const moment = new Date(time)
  const two = (number: number): string => String(number).padStart(2, "0")
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
  return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`
}

/** A status in its colour. */
export const statusText = (status: string, style: Styler): string => {
  switch (status) {
    case "succeeded":
      return style.good(status)
    case "failed":
    case "unfinished":
      return style.bad(status)
    case "running":
      return style.accent(status)
    case "cancelled":
    case "blocked":
      return style.warning(status)
    default:
      return style.quiet(status)
  }
}

/** The beginning of a digest: enough to tell two apart. */
export const shortDigest = (digest: string): string => digest.slice(0, 12)
