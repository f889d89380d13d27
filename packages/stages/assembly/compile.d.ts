/** What AssemblyScript's compiler makes of the kernel. */
export declare const compileKernel: () => Uint8Array
