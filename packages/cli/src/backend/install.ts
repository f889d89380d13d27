import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { BINDING, type NativeManifest, nativeBackendFolder, nativeBackendId } from "@diva-pipeline/stages"
import { Effect, FileSystem, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { BackendUnavailable } from "./backend-unavailable.ts"
import { digestFile } from "./digest.ts"
import { PYTHON_TAG, type Wheel, wheels } from "./wheels.ts"

/** How long the whole installation may take. A network that refuses says so at once; one that hangs ends here. */
const TIME_LIMIT = "20 minutes"

/** Runs a command; its last lines are the error message when it fails. */
const execute = Effect.fnUntraced(function* (what: string, command: string, args: ReadonlyArray<string>) {
  const handle = yield* ChildProcess.make(command, args, {
    extendEnv: true,
    stdin: "ignore",
    env: { PIP_DISABLE_PIP_VERSION_CHECK: "1" },
  })
  const lines = yield* handle.all.pipe(Stream.decodeText(), Stream.splitLines, Stream.runCollect)
  if ((yield* handle.exitCode) === ChildProcessSpawner.ExitCode(0)) return lines
  const reason = lines.filter((line) => line.trim() !== "").at(-1) ?? "no message"
  return yield* new BackendUnavailable({ message: `${what} failed: ${reason}` })
}, Effect.scoped)

/** The first of the commands that answers. */
const findCommand = Effect.fnUntraced(function* (
  what: string,
  candidates: ReadonlyArray<readonly [string, ...string[]]>,
) {
  for (const [command, ...args] of candidates) {
    const answers = yield* execute(what, command, args).pipe(
      Effect.as(true),
      Effect.catch(() => Effect.succeed(false)),
    )
    if (answers) return command
  }
  return yield* new BackendUnavailable({ message: `${what} was not found` })
})

/** Takes the libraries and the headers out of the wheel; everything else in it is Python's. */
const EXTRACT = `
import sys, zipfile
wheel, target, *libraries = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith("tensorflow/include/") or name in ["tensorflow/" + library for library in libraries]:
            archive.extract(name, target)
`

const downloadWheel = Effect.fnUntraced(function* (python: string, wheel: Wheel, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const requirements = join(folder, "requirements.txt")
  yield* fs.writeFileString(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`)
  yield* execute("downloading TensorFlow", python, [
    ...["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"],
    ...["--python-version", PYTHON_TAG, "--implementation", "cp", "--platform", wheel.platform],
    ...["--retries", "1", "--dest", folder, "--requirement", requirements],
  ])
  const file = (yield* fs.readDirectory(folder)).find((name) => name.endsWith(".whl"))
  if (file === undefined) return yield* new BackendUnavailable({ message: "pip downloaded no wheel" })
  return join(folder, file)
})

const extractLibraries = Effect.fnUntraced(function* (
  python: string,
  wheel: Wheel,
  archive: string,
  target: string,
) {
  const fs = yield* FileSystem.FileSystem
  const extracted = join(dirname(archive), "extracted")
  yield* execute("unpacking TensorFlow", python, ["-c", EXTRACT, archive, extracted, ...wheel.libraries])
  yield* fs.makeDirectory(join(target, "deps", "lib"), { recursive: true })
  for (const library of wheel.libraries) {
    yield* fs.rename(join(extracted, "tensorflow", library), join(target, "deps", "lib", library))
  }
  return join(extracted, "tensorflow", "include")
})

const compileBinding = Effect.fnUntraced(function* (
  compiler: string,
  wheel: Wheel,
  headers: string,
  target: string,
) {
  const fs = yield* FileSystem.FileSystem
  const require = createRequire(createRequire(import.meta.url).resolve("@diva-pipeline/stages/package.json"))
  const tfjs = dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))
  const napi = dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json"))
  yield* fs.makeDirectory(dirname(join(target, BINDING)), { recursive: true })
  yield* execute("compiling the binding", compiler, [
    ...["-O2", "-shared", "-fPIC", "-std=c++17", "-DNAPI_VERSION=8"],
    ...[dirname(tfjs), tfjs, join(napi, "include"), headers].map((folder) => `-I${folder}`),
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((source) => join(tfjs, "binding", source)),
    ...["-o", join(target, BINDING), "-Wl,-rpath,$ORIGIN/../../deps/lib", `-L${join(target, "deps", "lib")}`],
    ...wheel.libraries.map((library) => `-l:${library}`),
  ])
})

/** What was compiled may still not load here, with an older C library for one: better known now than in a stage. */
const checkBinding = (target: string) =>
  execute("loading the binding", process.execPath, [
    ...["-e", "process.dlopen({ exports: {} }, process.argv[1])", join(target, BINDING)],
  ])

const writeManifest = Effect.fnUntraced(function* (wheel: Wheel, target: string) {
  const fs = yield* FileSystem.FileSystem
  const files: Record<string, { size: number; sha256: string }> = {}
  for (const path of [BINDING, ...wheel.libraries.map((library) => join("deps", "lib", library))]) {
    files[path] = yield* digestFile(join(target, path))
  }
  const manifest: NativeManifest = { id: nativeBackendId(), files }
  yield* fs.writeFileString(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`)
})

/**
 * Installs the native TensorFlow backend into the user's cache folder: the library from TensorFlow's wheel, checked
 * by digest, and tfjs-node's binding compiled against it. The folder appears complete or not at all.
 *
 * @param say receives one line for each step
 */
export const installNativeBackend = Effect.fn("installNativeBackend")(
  function* (say: (line: string) => Effect.Effect<void>) {
    const fs = yield* FileSystem.FileSystem
    const wheel = wheels[`${process.platform}-${process.arch}`]
    if (wheel === undefined) {
      return yield* new BackendUnavailable({
        message: `no native TensorFlow is known for ${process.platform} on ${process.arch}`,
      })
    }
    const python = yield* findCommand("Python's pip", [
      ["python3", "-m", "pip", "--version"],
      ["python", "-m", "pip", "--version"],
    ])
    const compiler = yield* findCommand("a C++ compiler", [
      ["g++", "--version"],
      ["c++", "--version"],
      ["clang++", "--version"],
    ])
    const target = nativeBackendFolder()
    yield* fs.makeDirectory(dirname(target), { recursive: true })
    // Beside the target, so that the last step is a rename within one file system.
    const work = yield* fs.makeTempDirectoryScoped({ directory: dirname(target), prefix: "installing-" })
    const made = join(work, "made")
    yield* say(`downloading TensorFlow (${wheel.requirement}, ${wheel.size} MB)`)
    const archive = yield* downloadWheel(python, wheel, work)
    yield* say("unpacking its library")
    const headers = yield* extractLibraries(python, wheel, archive, made)
    yield* say("compiling tfjs-node's binding")
    yield* compileBinding(compiler, wheel, headers, made)
    yield* checkBinding(made)
    yield* writeManifest(wheel, made)
    yield* fs.remove(target, { recursive: true, force: true })
    yield* fs.rename(made, target)
  },
  Effect.scoped,
  Effect.timeoutOrElse({
    duration: TIME_LIMIT,
    orElse: () =>
      Effect.fail(new BackendUnavailable({ message: `the installation took more than ${TIME_LIMIT}` })),
  }),
  Effect.catchTag("PlatformError", (error) =>
    Effect.fail(new BackendUnavailable({ message: `the installation failed: ${error.message}` })),
  ),
)
