/** What is used of jstat, which comes without types. */
declare module "jstat" {
  interface Distribution {
    readonly cdf: (x: number, ...parameters: ReadonlyArray<number>) => number
    readonly inv: (p: number, ...parameters: ReadonlyArray<number>) => number
  }
  interface Counts {
    readonly cdf: (count: number, trials: number, share: number) => number
  }
  const jstat: {
    readonly jStat: {
      readonly normal: Distribution
      readonly studentt: Distribution
      readonly binomial: Counts
    }
  }
  export default jstat
}
