/** Environment variables that programs need wherever they run, and why; all others reach a task only where it declares them. */
const PASSED: ReadonlyArray<readonly [name: RegExp, why: string]> = [
  [/^PATH$/, "to find programs"],
  [/^(HOME|USER|LOGNAME|SHELL)$/, "to find the user's settings and caches"],
  [/^(LANG|LANGUAGE|LC_[A-Z]+|TZ)$/, "to write texts and times as the user does"],
  [/^TMPDIR$/, "to keep temporary files where there is room"],
  [/^XDG_[A-Z_]+$/, "to find caches, the native backend among them"],
  [/^LD_LIBRARY_PATH$/, "to find native libraries"],
  [/^(CUDA|NVIDIA)_[A-Z_]+$/, "to find and choose graphics processors"],
  [/^(OMP|OPENBLAS|MKL)_NUM_THREADS$/, "to use as many threads as the user allows"],
  [/^TF_[A-Z_]+$/, "settings of the native tensor library"],
  [/^DIVA_BACKEND$/, "to choose the tensor backend"],
  [/^(https?|ftp|all|no)_proxy$/i, "to reach the network"],
  [
    /^SSL_CERT_(FILE|DIR)$|^(CURL|REQUESTS)_CA_BUNDLE$|^NODE_EXTRA_CA_CERTS$/,
    "to trust whom the user trusts",
  ],
  [
    /^(HF_(ENDPOINT|HOME|HUB_CACHE|HUB_OFFLINE|HUB_DISABLE_XET)|HUGGINGFACE_HUB_CACHE|TRANSFORMERS_OFFLINE)$/,
    "to find models on another hub, or here",
  ],
]

/**
 * How glibc gives memory to host processes. By itself it asks the system for every piece above 32 MB and gives it back at
 * once; a tensor of that size then costs four times what is computed in it, for the system clears its pages. So freed
 * memory is kept for the next tensor, up to 1 GB of it.
 */
const ALLOCATION: Readonly<Record<string, string>> = {
  MALLOC_MMAP_MAX_: "0",
  MALLOC_TRIM_THRESHOLD_: String(2 ** 30),
}

type Environment = Readonly<Record<string, string | undefined>>

/** The part of our environment that every host process and every task gets. */
export const commonEnvironment = (ours: Environment): Readonly<Record<string, string>> => {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && PASSED.some(([pattern]) => pattern.test(name))) passed[name] = value
  }
  return passed
}

/** The environment of a host process, made of ours. */
export const hostEnvironment = (ours: Environment): Readonly<Record<string, string>> => {
  const own = Object.entries(ALLOCATION).map(([name, value]) => [name, ours[name] ?? value])
  return { ...Object.fromEntries(own), ...commonEnvironment(ours) }
}
