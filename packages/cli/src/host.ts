import { makeRegistry, serveHost } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"

serveHost(makeRegistry(stageDefinitions))
