import { BlockList, isIP, isIPv6 } from "node:net"

/** Everything that is not the public Internet: this machine, private networks, links, documentation, multicast. */
const V4: ReadonlyArray<readonly [net: string, prefix: number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]
/** All of IPv6 but 2000::/3, and in it Teredo, documentation and 6to4, which can lead to any IPv4 address. */
const V6: ReadonlyArray<readonly [net: string, prefix: number]> = [
  ["::", 3],
  ["4000::", 2],
  ["8000::", 1],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]

// Two lists, for Node looks for IPv4 addresses among those of IPv6 as well.
const blockedV4 = new BlockList()
for (const [net, prefix] of V4) blockedV4.addSubnet(net, prefix, "ipv4")
const blockedV6 = new BlockList()
for (const [net, prefix] of V6) blockedV6.addSubnet(net, prefix, "ipv6")

/** Whether an IP address (not a name) is anything but a public one. */
export const isPrivateAddress = (address: string): boolean => {
  const plain = address.replace(/%.*$/, "")
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return blockedV4.check(mapped, "ipv4")
  return isIPv6(plain) ? blockedV6.check(plain, "ipv6") : blockedV4.check(plain, "ipv4")
}

/** The IP address that a URL's host is, without brackets; undefined for a name. */
export const literalAddress = (host: string): string | undefined => {
  const plain = host.replace(/^\[(.*)\]$/, "$1")
  return isIP(plain) === 0 ? undefined : plain
}
