/** Prints now and then how far a campaign is, how quick, and how long it will take. */
export const showProgress = (unit: string, total: number): ((done: number) => void) => {
  const begun = performance.now()
  let shown = begun
  return (done) => {
    const now = performance.now()
    if (done === 0 || now - shown < 5000) return
    shown = now
    const rate = done / ((now - begun) / 1000)
    const left = Math.round((total - done) / rate)
    process.stdout.write(`${done}/${total} ${unit}  ${rate.toFixed(rate < 10 ? 2 : 0)}/s  ${left} s left\n`)
  }
}
