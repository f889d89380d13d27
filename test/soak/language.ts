import { parseArgs } from "node:util"
import { languageCampaign } from "./mutations.ts"
import { showProgress } from "./progress.ts"

/** `npm run soak language -- --runs 100000 --seed 1` */
export const soakLanguage = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: "string", default: "100000" }, seed: { type: "string" } },
  })
  const runs = Number(values.runs)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
  process.stdout.write(`${runs} mutated documents, seed ${seed}\n`)
  const { violations } = await languageCampaign({ runs, seed, onRun: showProgress("documents", runs) })
  for (const violation of violations.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`)
  process.stdout.write(`${violations.length} violations in ${runs} documents, seed ${seed}\n`)
  return violations.length === 0
}
