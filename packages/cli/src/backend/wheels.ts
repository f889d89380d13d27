import { TENSORFLOW_VERSION } from "@diva-pipeline/stages"

/**
 * Where TensorFlow's own library comes from: the wheel of the Python package, which holds the C API, its headers and
 * (for graphics processors) a current CUDA, where tfjs-node's own download stopped at TensorFlow 2.9 and CUDA 11.2.
 */
export interface Wheel {
  /** The package on PyPI. */
  readonly requirement: string
  /** pip's name of the platform. */
  readonly platform: string
  /** The wheel's sha256, as PyPI publishes it. */
  readonly sha256: string
  /** Download size in MB, for people. */
  readonly size: number
  /** The shared libraries inside the wheel, the one with the C API first. */
  readonly libraries: readonly [string, ...ReadonlyArray<string>]
}

/** The Python version whose wheel is taken, whatever Python runs pip: the libraries in it are the same. */
export const PYTHON_TAG = "311"

const linuxLibraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const

/** By Node's `platform-arch`. Only linux-x64 has been tried. */
export const wheels: Readonly<Record<string, Wheel>> = {
  "linux-x64": {
    requirement: `tensorflow-cpu==${TENSORFLOW_VERSION}`,
    platform: "manylinux_2_27_x86_64",
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    size: 274,
    libraries: linuxLibraries,
  },
}
