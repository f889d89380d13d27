/** JSON as Python's `json.dumps(…, indent=4)` writes it: four spaces, everything beyond ASCII escaped. */
export const indentedJson = (value: unknown): string => escapeBeyondAscii(JSON.stringify(value, null, 4))

/** A record of texts as Python's `json.dumps` writes it, on one line. */
export const inlineJson = (record: Iterable<readonly [name: string, value: string]>): string =>
  `{${Array.from(record, ([name, value]) => `${text(name)}: ${text(value)}`).join(", ")}}`

const text = (value: string): string => escapeBeyondAscii(JSON.stringify(value))

const escapeBeyondAscii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
