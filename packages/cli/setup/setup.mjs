// Brings a fresh clone to the point where `diva-pipeline` runs: dependencies, build, native TensorFlow backend.
// Needs nothing but Node ≥ 20 and npm ≥ 11; each step is skipped when nothing it depends on has changed.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..")
const stampFolder = join(root, "node_modules", ".diva-pipeline")
const packages = ["core", "stages", "cli"]

/** All files below a folder, sorted, without what builds write there. */
const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
        .sort()
    : []

/** A digest of the names and contents of files. */
const digestOf = (files) => {
  const hash = createHash("sha256")
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update("\0")
  return hash.digest("hex")
}

/** Ends the set-up with one message. */
const fail = (message, hint) => {
  process.stderr.write(`set-up: ${message}\n  hint: ${hint}\n`)
  process.exit(1)
}

/** Runs a command, showing its output only when it fails. */
const run = (title, command, args, hint) => {
  process.stderr.write(`set-up: ${title} …\n`)
  const started = Date.now()
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: process.env,
    maxBuffer: 1 << 28,
  })
  if (result.error !== undefined) fail(`${title}: ${result.error.message}`, hint)
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}`)
    fail(
      `${title} failed (\`${[command, ...args].join(" ")}\`, exit ${result.status ?? result.signal})`,
      hint,
    )
  }
  process.stderr.write(`set-up: ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

/** Runs `work` unless the stamp of the last success says that nothing has changed since. */
const once = (name, digest, stillThere, work) => {
  const stamp = join(stampFolder, name)
  if (stillThere && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return
  work()
  mkdirSync(stampFolder, { recursive: true })
  writeFileSync(stamp, digest)
}

const checkVersions = () => {
  const node = Number(process.versions.node.split(".")[0])
  if (node < 20) fail(`Node ${process.versions.node} is too old`, "install Node 20 or later")
}

const installDependencies = () => {
  const inputs = [
    "package.json",
    "package-lock.json",
    ...packages.map((name) => `packages/${name}/package.json`),
  ]
  const digest = `${process.platform}-${process.arch} ${digestOf(inputs.map((file) => join(root, file)))}`
  const node = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node")
  once("dependencies", digest, existsSync(node), () =>
    run(
      "installing dependencies",
      "npm",
      ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
      "npm 11 or later and its registry are needed; run `npm ci` to see more",
    ),
  )
}

const build = () => {
  const sources = packages.flatMap((name) => [
    ...filesBelow(join(root, "packages", name, "src")),
    join(root, "packages", name, "tsconfig.json"),
  ])
  const configuration = ["tsconfig.base.json", "packages/cli/build.mjs", "package-lock.json"]
  const digest = digestOf([...sources, ...configuration.map((file) => join(root, file))])
  const built = existsSync(join(root, "packages", "cli", "dist", "main.js"))
  once("build", digest, built, () =>
    run("building", "npm", ["run", "--silent", "build"], "run `npm run build` to see more"),
  )
}

/** The native backend is a gain, not a need: without it the set-up says so once and goes on. */
const installBackend = () => {
  const command = join(root, "packages", "cli", "bin", "diva-pipeline")
  const result = spawnSync(command, ["backend", "install", "--if-missing"], {
    cwd: root,
    stdio: "inherit",
  })
  if (result.status === 130) process.exit(130)
}

checkVersions()
installDependencies()
build()
installBackend()
