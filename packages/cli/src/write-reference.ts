// Fills the tables of docs/stages.md from the stages' definitions: `npm run docs`.
import { readFileSync, writeFileSync } from "node:fs"
import { stageDefinitions } from "@diva-pipeline/stages"
import { fillTables } from "./reference/index.ts"

const file = new URL("../../../docs/stages.md", import.meta.url)
writeFileSync(file, fillTables(readFileSync(file, "utf8"), stageDefinitions))
