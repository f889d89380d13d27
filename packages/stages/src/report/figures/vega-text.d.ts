import "vega"

/** What the library's typings leave out: its hook for programs that draw without a canvas. */
declare module "vega" {
  export const textMetrics: {
    width: (item: { readonly fontSize?: number; readonly limit?: number }, text: string) => number
  }
}
