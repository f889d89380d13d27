// examples/own-registry/host.ts
import { serveHost } from "diva-pipeline"
import { registry } from "./stages.ts"

serveHost(registry)
