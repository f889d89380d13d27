import { Effect, type Scope } from "effect"
import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici"

/** How connections are kept. */
export interface AgentOptions {
  /** Connections to one server at a time; further requests wait for one. */
  readonly connections: number
  /** Milliseconds to wait for a connection. */
  readonly connectTimeout: number
}

const PROXY_VARIABLES = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]

/**
 * Connections that are kept alive and shared by many requests, closed with the scope. The usual variables for proxies
 * (`HTTPS_PROXY`, `NO_PROXY` …) are followed, but this machine itself is never asked through a proxy.
 */
export const makeAgent = (options: AgentOptions): Effect.Effect<Dispatcher, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => openAgent(options)),
    (agent) => Effect.promise(() => agent.destroy()),
  )

const openAgent = ({ connections, connectTimeout }: AgentOptions): Dispatcher => {
  const settings = {
    connections,
    connect: { timeout: connectTimeout },
    keepAliveTimeout: 10_000,
    maxHeaderSize: 64 * 1024,
  }
  if (!PROXY_VARIABLES.some((name) => process.env[name])) return new Agent(settings)
  const exceptions = process.env.no_proxy ?? process.env.NO_PROXY ?? ""
  return new EnvHttpProxyAgent({ ...settings, noProxy: `${exceptions},localhost,127.0.0.1,[::1]` })
}
