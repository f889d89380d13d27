import { homedir } from "node:os"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"

/** Which hub is asked, as whom, and what of it is kept where: in the words of Python's huggingface_hub. */
export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string
  /** The folder that is shared with Python: `HF_HUB_CACHE`. */
  readonly cache: string
  /** Nothing is asked for, of any server. */
  readonly isOffline: boolean
  /** Whether files that are stored in Xet are read from there. */
  readonly usesXet: boolean
  readonly token: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const TRUE = new Set(["1", "ON", "YES", "TRUE"])
const isTrue = (value: string | undefined): boolean => TRUE.has((value ?? "").toUpperCase())

/**
 * Reads the variables that Python's library reads, in its order, and what they are without them.
 *
 * @throws StageFailure (permanent) when HF_ENDPOINT is no address
 */
export const hubSettings = (environment: Environment): HubSettings => ({
  endpoint: endpointOf(environment.HF_ENDPOINT),
  cache: cacheOf(environment),
  isOffline: isTrue(environment.HF_HUB_OFFLINE) || isTrue(environment.TRANSFORMERS_OFFLINE),
  usesXet: !isTrue(environment.HF_HUB_DISABLE_XET),
  token: environment.HF_TOKEN?.replaceAll(/\s/g, "") || undefined,
})

const endpointOf = (given: string | undefined): string => {
  const endpoint = (given || "https://huggingface.co").replace(/\/+$/, "")
  if (/^https?:\/\//.test(endpoint) && URL.canParse(endpoint)) return endpoint
  throw permanent("HF_ENDPOINT is no address of a server", { hint: "write it as https://huggingface.co" })
}

/** The library's own function for this leaves `~` and variables as they are; Python's replaces them. */
const cacheOf = (environment: Environment): string => {
  const home = environment.HOME || homedir()
  const expand = (path: string): string =>
    path
      .replace(/^~(?=\/|$)/, home)
      .replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
        return environment[braced ?? bare ?? ""] ?? whole
      })
  const general = expand(environment.XDG_CACHE_HOME || join(home, ".cache"))
  const hub = expand(environment.HF_HOME || join(general, "huggingface"))
  return expand(environment.HF_HUB_CACHE || environment.HUGGINGFACE_HUB_CACHE || join(hub, "hub"))
}
