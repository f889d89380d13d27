import { readFileSync } from "node:fs"
import * as tf from "@tensorflow/tfjs-core"
import { prepareImage } from "../../../packages/stages/src/images/index.ts"
import {
  blueprintsOf,
  type ClipConfig,
  clipConfigNamed,
  imageFeatures,
  imageTokens,
} from "../../../packages/stages/src/models/clip/index.ts"
import {
  parseUNetConfig,
  predictNoise,
  unetShapes,
} from "../../../packages/stages/src/models/diffusion/index.ts"
import {
  freeze,
  loadBackend,
  Parameters,
  readParameters,
  valueAndGradients,
} from "../../../packages/stages/src/tensor/index.ts"
import { median } from "../measure.ts"

/** Something to time; what it gives is disposed of. */
type Work = () => tf.Tensor | ReadonlyArray<tf.Tensor> | Promise<void>

const pixelsOf = (batch: number): tf.Tensor => tf.randomNormal([batch, 224, 224, 3], 0, 1, "float32", 1)

const features = async (): Promise<Work> => {
  const { config } = await clipConfigNamed("ViT-L-14-quickgelu")
  const parameters = visualOf(config)
  const pixels = pixelsOf(8)
  return () => imageFeatures(config, parameters, pixels)
}

const blocks = async (): Promise<Work> => {
  const { config: whole } = await clipConfigNamed("ViT-L-14-quickgelu")
  const config: ClipConfig = {
    ...whole,
    vision: { ...whole.vision, layers: 4 },
  }
  const parameters = visualOf(config)
  const names = parameters.names().filter((name) => name.includes("resblocks"))
  const pixels = pixelsOf(4)
  return () =>
    gradientsOf(
      () => tf.sum(imageTokens(config, parameters, pixels)),
      names.map((name) => parameters.at(name)),
    )
}

/** Random numbers that repeat after a million: real randomness for a billion weights takes minutes. */
const NUMBERS = Float32Array.from({ length: 1_000_003 }, () => Math.random() - 0.5)

const randomParameters = (shapes: Iterable<readonly [string, ReadonlyArray<number>]>): Parameters => {
  const tensors = new Map<string, tf.Tensor>()
  for (const [name, shape] of shapes) {
    const count = shape.reduce((product, size) => product * size, 1)
    const scale = shape.length < 2 ? 0.2 : 3 / Math.sqrt(count / (shape.at(-1) ?? 1))
    const values = new Float32Array(count)
    for (let at = 0; at < count; at++) values[at] = (NUMBERS[at % NUMBERS.length] ?? 0) * scale
    const tensor = tf.tensor(values, [...shape], "float32")
    // Used at once, as weights that are read are: the native backend then lets go of the values.
    tf.reshape(tensor, tensor.shape).dispose()
    tensors.set(name, tensor)
  }
  return Parameters.of(tensors)
}

const gradientsOf = (loss: () => tf.Tensor, wanted: ReadonlyArray<tf.Tensor>): ReadonlyArray<tf.Tensor> => {
  const { value, gradients } = valueAndGradients(loss, wanted)
  value.dispose()
  return gradients
}

const visualOf = (config: ClipConfig): Parameters =>
  randomParameters(
    [...blueprintsOf(config)]
      .filter(([name]) => name.startsWith("visual."))
      .map(([name, { shape }]) => [name, shape] as const),
  )

/** Kernels are held as [height, width, in, out]. */
const heldShape = (shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = shape
  return shape.length === 4 ? [height, width, inputs, outputs] : shape
}

const unet = (withGradient: boolean) => async (): Promise<Work> => {
  const config = parseUNetConfig({
    attention_head_dim: [5, 10, 20, 20],
    block_out_channels: [320, 640, 1280, 1280],
    cross_attention_dim: 1024,
    down_block_types: [...Array<string>(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
    up_block_types: ["UpBlock2D", ...Array<string>(3).fill("CrossAttnUpBlock2D")],
    use_linear_projection: true,
  })
  const parameters = randomParameters(
    [...unetShapes(config)].map(([name, shape]) => [name, heldShape(shape)]),
  )
  freeze(parameters.entries().map(([, tensor]) => tensor))
  const latents = tf.randomNormal([1, 64, 64, 4], 0, 1, "float32", 1)
  const context = tf.randomNormal([1, 77, 1024], 0, 1, "float32", 2)
  const predict = (given: tf.Tensor) =>
    predictNoise({ config, parameters }, latents, Int32Array.of(500), given)
  const loss = () => tf.mean(tf.square(predict(context)))
  return () => (withGradient ? gradientsOf(loss, [context]) : tf.tidy(() => predict(context)))
}

const preprocess = async (): Promise<Work> => {
  const jpeg = readFileSync(process.argv[4] ?? "")
  const { preprocess: how } = await clipConfigNamed("ViT-L-14-quickgelu")
  const each = 3 * how.size ** 2
  const batch = new Float32Array(50 * each)
  return async () => {
    for (let image = 0; image < 50; image++)
      await prepareImage(jpeg, how, batch.subarray(image * each, (image + 1) * each))
  }
}

/** Everything is read and added up once, so that nothing is left for later. */
const load = async (): Promise<Work> => async () => {
  const parameters = await readParameters(process.argv[5] ?? "")
  tf.tidy(() => tf.addN(parameters.entries().map(([, tensor]) => tf.sum(tensor))).dataSync())
  parameters.dispose()
}

const WORKS: Readonly<Record<string, () => Promise<Work>>> = {
  features,
  blocks,
  unet: unet(false),
  "unet-gradient": unet(true),
  preprocess,
  load,
}

/** Seconds that the processor was at work: what one core takes, whatever else the machine does. */
const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const name = process.argv[2] ?? ""
const clock = name === "preprocess" ? processorSeconds : () => performance.now() / 1000

const once = async (work: Work): Promise<number> => {
  const begun = clock()
  const result = await work()
  if (result instanceof tf.Tensor) {
    result.dataSync()
    result.dispose()
  } else if (result !== undefined) {
    for (const tensor of result) tensor.dataSync()
    tf.dispose([...result])
  }
  return clock() - begun
}

const backend = await loadBackend()
const work = await WORKS[name]?.()
if (work === undefined) throw new Error(`one of ${Object.keys(WORKS).join(", ")} is needed`)
const repeats = Number(process.argv[3] ?? 5)
await once(work)
const seconds: Array<number> = []
for (let turn = 0; turn < repeats; turn++) seconds.push(await once(work))
const megabytes = process.resourceUsage().maxRSS / 1000
process.stdout.write(`${JSON.stringify({ seconds: median(seconds), megabytes, what: backend.name })}\n`)
