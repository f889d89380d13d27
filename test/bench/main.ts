import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { benchEngine } from "./engine/bench.ts"
import { benchEvaluation, EVALUATION_PEERS } from "./evaluation/bench.ts"
import { benchDownload, DOWNLOAD_PEERS } from "./image2dataset/bench.ts"
import { benchModels, MODEL_PEERS } from "./models/bench.ts"
import { benchTraining } from "./training/bench.ts"

const USAGE = `npm run bench engine -- [--all] [--only compare|scale|large] [--install-peers]
npm run bench models -- [--only features|blocks|unet|unet-gradient|load|preprocess] [--install-peers]
npm run bench evaluation -- [--only zero-shot|logits|retrieval] [--images 10000] [--classes 1000] [--repeats 1]
                           [--install-peers]
npm run bench training -- [--only small|large|latents|savings|data] [--install-peers]
npm run bench image2dataset -- [--only keep_ratio|center_crop|border|files|parquet|no-reencoding|troubled|long-list]
                               [--images 5000] [--repeats 2] [--install-peers]

  --install-peers  first installs snakemake, dvc, redun and luigi into .build/bench-peers,
                   PyTorch, open_clip and diffusers into .build/bench-models,
                   PyTorch, open_clip and CLIP_benchmark into .build/bench-evaluation,
                   or img2dataset into .build/bench-image2dataset
  --all            also what takes many minutes
  --repeats N      how often each program runs on each work
  --only PART      one part of the benchmark
`

const root = resolve(import.meta.dirname, "../..")
const ENVIRONMENTS = {
  engine: join(root, ".build", "bench-peers"),
  models: join(root, ".build", "bench-models"),
  evaluation: join(root, ".build", "bench-evaluation"),
  training: join(root, ".build", "bench-models"),
  image2dataset: join(root, ".build", "bench-image2dataset"),
}
const PEERS = {
  engine: ["snakemake==9.27.1", "dvc==3.67.1", "redun==0.44.1", "luigi==3.8.1"],
  models: MODEL_PEERS,
  evaluation: EVALUATION_PEERS,
  training: MODEL_PEERS,
  image2dataset: DOWNLOAD_PEERS,
}

const installPeers = (environment: string, peers: ReadonlyArray<string>): void => {
  if (!existsSync(environment)) {
    mkdirSync(dirname(environment), { recursive: true })
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
  }
  execFileSync(join(environment, "bin", "pip"), ["install", "--quiet", ...peers], { stdio: "inherit" })
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string" },
    images: { type: "string" },
    classes: { type: "string", default: "1000" },
    repeats: { type: "string" },
    "install-peers": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})

const isBench = (name: string | undefined): name is keyof typeof ENVIRONMENTS =>
  name !== undefined && Object.hasOwn(ENVIRONMENTS, name)

const [which] = positionals
if (values.help || !isBench(which)) {
  process.stdout.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  const environment = ENVIRONMENTS[which]
  if (values["install-peers"]) installPeers(environment, PEERS[which])
  const bin = join(environment, "bin")
  if (which === "training") benchTraining({ bin, only: values.only })
  else if (which === "engine") await benchEngine({ bin, all: values.all, only: values.only })
  else if (which === "image2dataset")
    await benchDownload({
      bin,
      only: values.only,
      images: Number(values.images ?? 5000),
      repeats: Number(values.repeats ?? 2),
    })
  else if (which === "evaluation")
    await benchEvaluation({
      bin,
      only: values.only,
      images: Number(values.images ?? 10_000),
      classes: Number(values.classes),
      repeats: Number(values.repeats ?? 1),
    })
  else await benchModels({ bin, only: values.only, repeats: Number(values.repeats ?? 5) })
}
