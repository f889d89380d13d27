const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 }

/** What a duration looks like, for messages. */
export const DURATION_EXAMPLES = "such as 500ms, 30s, 5m or 1h30m"

/** The seconds of a duration such as `30s` or `1h30m`; undefined for what isn't one. */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    seconds += Number(amount) * (SECONDS[unit ?? ""] ?? 0)
  }
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}

const MEGABYTES: Readonly<Record<string, number>> = {
  KB: 1e-3,
  MB: 1,
  GB: 1e3,
  TB: 1e6,
  KiB: 1024 / 1e6,
  MiB: 1024 ** 2 / 1e6,
  GiB: 1024 ** 3 / 1e6,
  TiB: 1024 ** 4 / 1e6,
}

/** What a size looks like, for messages. */
export const SIZE_EXAMPLES = "such as 512MB, 4GB or 1.5GiB"

/** The megabytes (10⁶ bytes, rounded up) of a size such as `4GB`; undefined for what isn't one. */
export const parseSize = (text: string): number | undefined => {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?) ?([KMGT]i?B)$/.exec(text) ?? []
  const megabytes = Math.ceil(Number(amount) * (MEGABYTES[unit] ?? 0))
  return megabytes > 0 && Number.isSafeInteger(megabytes) ? megabytes : undefined
}
