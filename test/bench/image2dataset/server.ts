// Serves the pictures from memory: /img/N, and what goes wrong in real lists under other names. GET /cpu tells the
// server's own CPU time so far, in seconds.
import { createServer } from "node:http"
import { benchPictures } from "./pictures.ts"

/** Milliseconds that slow answers take. */
const SLOW = 3000

const pictures = await benchPictures(process.argv[2] ?? "")

const server = createServer((request, response) => {
  const [, kind = "", number = "0"] = (request.url ?? "/").split("/")
  const picture = pictures[Number(number) % pictures.length] ?? Buffer.alloc(0)
  const send = (body: Uint8Array, type = "image/jpeg") =>
    response.writeHead(200, { "content-type": type, "content-length": body.length }).end(body)
  if (kind === "img") send(picture)
  else if (kind === "cpu") {
    const { user, system } = process.cpuUsage()
    send(Buffer.from(String((user + system) / 1e6)), "text/plain")
  } else if (kind === "slow") setTimeout(() => send(picture), SLOW)
  else if (kind === "hang") response.on("error", () => {})
  else if (kind === "moved") response.writeHead(302, { location: `/img/${number}` }).end()
  else if (kind === "broken") send(picture.subarray(0, 2000))
  else if (kind === "html") send(Buffer.from("<html>gone</html>"), "text/html")
  else if (kind === "busy") response.writeHead(503).end()
  else response.writeHead(404).end()
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" ? address?.port : 0}\n`)
})
