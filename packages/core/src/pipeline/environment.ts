import { type Diagnostics, entryOf, isText, Source, type TextNode } from "../document/index.ts"
import type { Declarations } from "./declarations.ts"
import type { Value } from "./value.ts"

/** Environment variables as the process has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The values of the environment variables that a document declares. */
export const environmentValues = (
  { env }: Declarations,
  environment: Environment,
  workingFolder: string,
  diagnostics: Diagnostics,
): ReadonlyMap<string, Value> =>
  new Map(
    [...env].map(([name, { key, value: declaration }]): [string, Value] => {
      const text = environment[name]
      if (text !== undefined) {
        const source = new Source(`environment variable ${name}`, workingFolder, text)
        return [name, { kind: "scalar", value: text, span: { source, start: 0, end: text.length } }]
      }
      const fallback = entryOf(declaration, "default")
      if (isText(fallback)) return [name, fallback]
      // A default that isn't a text was reported with the document's shape.
      if (fallback === undefined) {
        diagnostics.report(key, `the environment variable \`${name}\` isn't set`, {
          hint: `set it (${name}=… before the command), or give it a default here`,
        })
      }
      return [name, { kind: "unknown", span: key }]
    }),
  )

/** Reports secrets that aren't set, or that the document declares as variables that anyone may read. */
export const checkSecrets = (
  secrets: ReadonlyArray<TextNode>,
  { env }: Declarations,
  environment: Environment,
  diagnostics: Diagnostics,
): void => {
  for (const { value: name, span } of secrets) {
    const declared = env.get(name)
    if (declared !== undefined) {
      diagnostics.report(
        span,
        `\`${name}\` can't be a secret: \`env\` declares it, so that expressions may read it`,
        {
          related: { span: declared.key, message: "it is declared here" },
        },
      )
    } else if (environment[name] === undefined) {
      diagnostics.report(span, `the secret \`${name}\` isn't set`, {
        hint: `it is an environment variable: set ${name} before the command`,
      })
    }
  }
}
