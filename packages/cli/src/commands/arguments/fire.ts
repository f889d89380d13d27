/** img2dataset's flags that need no value. */
const BOOLEANS = new Set([
  "resize_only_if_bigger",
  "skip_reencode",
  "disable_all_reencoding",
  "extract_exif",
  "enable_wandb",
  "allow_private_addresses",
  "respect_robots_txt",
  "allow_files",
])

/** img2dataset's short flags. */
const SHORT: Readonly<Record<string, string>> = {
  p: "processes_count",
  b: "bbox_col",
  n: "number_sample_per_shard",
  w: "wandb_project",
  v: "verify_hash",
}

/** Flags that are the command's own and take part in nothing here. */
const OWN = new Set(["help", "version", "completions", "log_level"])

/**
 * Writes arguments as python-fire takes them the way that our command line takes them: hyphens or underscores in names,
 * `--flag`, `--noflag`, `--flag=True`, `--name None`, and `--url_list=…` in place of the first argument.
 */
export const fromFire = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const plain: Array<string> = []
  const flags: Array<string> = []
  /** By name: of several, the last one counts. */
  const values = new Map<string, string>()
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ""
    const match = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument)
    if (match === null) {
      plain.push(argument)
      continue
    }
    const [, written = "", attached] = match
    const isShort = !argument.startsWith("--")
    const name = isShort ? (SHORT[written] ?? written) : written.replaceAll("-", "_")
    if (OWN.has(name) || isShort === (SHORT[written] === undefined)) {
      flags.push(argument)
      continue
    }
    const negated = /^no_?(.+)$/.exec(name)?.[1] ?? ""
    if (!BOOLEANS.has(name) && BOOLEANS.has(negated)) {
      values.set(negated, "false")
      continue
    }
    const next = args[at + 1]
    const isBare =
      attached === undefined && (next === undefined || next.startsWith("-") || !takes(name, next))
    if (attached === undefined && !isBare) at += 1
    const value = attached ?? (isBare ? "True" : (next ?? ""))
    if (name === "url_list") plain.unshift(value)
    else values.set(name, BOOLEANS.has(name) ? value.toLowerCase() : value)
  }
  for (const [name, value] of values) {
    if (value !== "None") flags.push(`--${name}=${value}`)
    else if (name === "compute_hash") flags.push("--compute_hash=none")
  }
  return [...plain, ...flags]
}

/** Whether what follows a flag is its value: a truth value may be left out. */
const takes = (name: string, next: string): boolean =>
  !BOOLEANS.has(name) || /^(true|false|none)$/i.test(next)
