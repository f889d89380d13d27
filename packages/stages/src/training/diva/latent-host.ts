// A process that makes latents with others. It ends when its parent does.
import { type EncoderCall, type LatentEncoder, localEncoder } from "./latent-encoder.ts"
import { answerCalls } from "./remote-calls.ts"
import type { KnownLatents } from "./replica.ts"

let encoder: Promise<LatentEncoder> | undefined

answerCalls(async ({ options, crops, count }: EncoderCall): Promise<KnownLatents> => {
  encoder ??= localEncoder(options)
  return await (await encoder).encode({ crops, count })
})
