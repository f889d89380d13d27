import { makeRegistry, serveHost } from "@diva-pipeline/core"
import { stageDefinitions } from "../stages/index.ts"

serveHost(makeRegistry(stageDefinitions))
