import type { Report } from "./report.ts"

/** More scores of other programs than this would hide ours: they are in the files of results alone. */
const MOST_IMPORTED = 300

/** The imported scores that are shown to people: all, or of very many none. */
export const shownImports = ({ imported }: Pick<Report, "imported">): Report["imported"] =>
  imported.length > MOST_IMPORTED ? [] : imported
