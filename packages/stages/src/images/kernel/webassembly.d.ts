/** Node has these globals; its types don't name them without the browser's. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Instance {
    constructor(module: Module)
    readonly exports: Readonly<Record<string, Memory | ((...numbers: ReadonlyArray<number>) => unknown)>>
  }
}
