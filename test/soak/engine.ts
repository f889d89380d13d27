import { parseArgs } from "node:util"
import { killCampaign } from "./kills.ts"
import { showProgress } from "./progress.ts"

/** `npm run soak engine -- --kills 200 --seed 1` */
export const soakEngine = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const { values } = parseArgs({
    args: [...args],
    options: { kills: { type: "string", default: "200" }, seed: { type: "string" } },
  })
  const kills = Number(values.kills)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
  process.stdout.write(`${kills} kills of a pipeline of 30 tasks, seed ${seed}\n`)
  const onKill = showProgress("kills", kills)
  const begun = performance.now()
  const result = await killCampaign({ kills, seed, onKill })
  const parts = Object.entries(result.kills).map(([kind, count]) => `${count} ${kind}`)
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  for (const violation of result.violations) process.stdout.write(`violation: ${violation}\n`)
  process.stdout.write(
    `${result.violations.length} violations in ${kills} kills (${parts.join(", ")}), ${result.runs} runs, ${seconds} s, seed ${seed}\n`,
  )
  return result.violations.length === 0
}
