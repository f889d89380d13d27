/** Names of query parameters whose values let their holder in. */
const SECRET_NAME = /token|secret|passw|signature|^sig$|credential|api[-_]?key|access[-_]?key|^key$|^auth/i

/** The address without user name and password. */
export const withoutCredentials = (address: string): string =>
  address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1***@")

/** The address as it may be shown: without user name and password, and without signatures and tokens in its query. */
export const maskAddress = (address: string): string =>
  withoutCredentials(address).replace(
    /([?&])([^=&#]+)=([^&#]*)/g,
    (whole, separator: string, name: string) => (SECRET_NAME.test(name) ? `${separator}${name}=***` : whole),
  )
