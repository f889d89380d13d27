import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from "undici"
import type { FetchOptions } from "../options.ts"
import { privateAddressFault } from "./fetch-fault.ts"
import { NameResolver } from "./name-resolver.ts"
import { isPrivateAddress, literalAddress } from "./private-addresses.ts"

const PROXY_VARIABLES = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]

/**
 * Connections that are kept alive and shared by many requests, of HTTP/1.1 or HTTP/2 as the server likes. Each new
 * one, of redirects too, is made only to an address that may be asked. The usual variables for proxies are followed
 * (`HTTPS_PROXY`, `NO_PROXY` …); then it is the proxy that looks names up.
 */
export const openConnections = (options: FetchOptions): Dispatcher => {
  const settings = {
    connections: options.connectionsPerHost + options.silentConnectionsPerHost,
    allowH2: true,
    keepAliveTimeout: 10_000,
    maxHeaderSize: 64 * 1024,
    strictContentLength: true,
  }
  if (!PROXY_VARIABLES.some((name) => process.env[name]))
    return new Agent({ ...settings, connect: guardedConnector(options) })
  const exceptions = process.env.no_proxy ?? process.env.NO_PROXY ?? ""
  return new EnvHttpProxyAgent({
    ...settings,
    connect: { timeout: options.timeout * 1000 },
    requestTls: { rejectUnauthorized: !options.ignoreSslCertificate },
    noProxy: `${exceptions},localhost,127.0.0.1,[::1]`,
  })
}

const guardedConnector = (options: FetchOptions): buildConnector.connector => {
  const resolver = new NameResolver(options.resolvers, options.allowPrivateAddresses)
  const connect = buildConnector({
    timeout: options.timeout * 1000,
    allowH2: true,
    rejectUnauthorized: !options.ignoreSslCertificate,
    lookup: resolver.lookup,
    autoSelectFamily: true,
  })
  return (target, callback) => {
    const address = literalAddress(target.hostname)
    if (address !== undefined && !options.allowPrivateAddresses && isPrivateAddress(address))
      process.nextTick(() => callback(privateAddressFault(address), null))
    else connect(target, callback)
  }
}
