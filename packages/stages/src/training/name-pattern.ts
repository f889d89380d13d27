/**
 * Whether a parameter's name matches a pattern: `*` stands for anything but a dot, `**` for anything, `{a,b}` for one of
 * several.
 *
 * @example
 * matchesName("visual.transformer.resblocks.{10,11}.**", "visual.transformer.resblocks.11.ln_1.weight") // true
 */
export const matchesName = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern.replace(/\*\*|\*|\{[^{}]*\}|[\\^$.|?+()[\]{}]/g, (part) => {
      if (part === "**") return ".*"
      if (part === "*") return "[^.]*"
      return part.length > 1 ? `(?:${part.slice(1, -1).split(",").map(escaped).join("|")})` : `\\${part}`
    })}$`,
  ).test(name)

const escaped = (text: string): string => text.replace(/[\\^$.*|?+()[\]{}]/g, "\\$&")

/** Whether a name matches one of the patterns. */
export const matchesAny = (patterns: ReadonlyArray<string>, name: string): boolean =>
  patterns.some((pattern) => matchesName(pattern, name))
