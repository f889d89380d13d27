/**
 * Whether `X-Robots-Tag` headers forbid the use of an image. A header may name the agent that it means
 * (`somebot: noindex`); such a one counts only when that is `userAgentToken`.
 */
export const isDisallowed = (
  headers: ReadonlyArray<string>,
  directives: ReadonlyArray<string>,
  userAgentToken: string | undefined,
): boolean =>
  headers.some((header) => {
    const colon = header.indexOf(":")
    const agent = colon < 0 ? undefined : header.slice(0, colon).trim().toLowerCase()
    const named = header.slice(colon + 1).split(",")
    const isMeant = agent === undefined || agent === userAgentToken?.toLowerCase()
    return isMeant && named.some((directive) => directives.includes(directive.trim().toLowerCase()))
  })
