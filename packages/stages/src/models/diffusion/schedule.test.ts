import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../../tensor/index.ts"
import { NoiseSchedule, parseUNetConfig } from "./index.ts"
import { parseScheduleConfig, scheduleConfigJson } from "./schedule-config.ts"

const fields = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" }

describe("a noise schedule", () => {
  beforeAll(async () => {
    await loadBackend()
  })

  it("of Stable Diffusion 2.1-v makes the velocity the target, from which noise and image come back", () => {
    const config = parseScheduleConfig({ ...fields, prediction_type: "v_prediction" })
    expect(parseScheduleConfig(scheduleConfigJson(config))).toEqual(config)
    const schedule = new NoiseSchedule(config)
    const [x, noise] = [tf.tensor2d([[1, -2, 0.5]]), tf.tensor2d([[0.25, 1, -1]])]
    for (const timestep of [0, 250, 999]) {
      const steps = Int32Array.of(timestep)
      const [root, rest] = [Math.sqrt(schedule.alphaAt(timestep)), Math.sqrt(1 - schedule.alphaAt(timestep))]
      const noisy = schedule.addNoise(x, noise, steps)
      const velocity = schedule.targetOf(x, noise, steps)
      const clean = tf.sub(tf.mul(noisy, root), tf.mul(velocity, rest))
      const seen = tf.add(tf.mul(noisy, rest), tf.mul(velocity, root))
      expect(tf.max(tf.abs(tf.sub(clean, x))).dataSync()[0]).toBeLessThan(1e-5)
      expect(tf.max(tf.abs(tf.sub(seen, noise))).dataSync()[0]).toBeLessThan(1e-5)
    }
  })

  it("without a word about it makes the noise the target, and others are refused", () => {
    const schedule = new NoiseSchedule(parseScheduleConfig(fields))
    const noise = tf.ones([1, 2])
    expect(schedule.targetOf(tf.zeros([1, 2]), noise, Int32Array.of(3))).toBe(noise)
    expect(() => parseScheduleConfig({ ...fields, prediction_type: "sample" })).toThrow(/prediction_type/)
  })
})

describe("heads of the UNet's attention", () => {
  const unet = {
    block_out_channels: [320, 640, 1280, 1280],
    down_block_types: [...Array(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
    up_block_types: ["UpBlock2D", ...Array(3).fill("CrossAttnUpBlock2D")],
  }

  it.each([
    [
      "1.5: one number for all levels",
      { attention_head_dim: 8, cross_attention_dim: 768 },
      [8, 8, 8, 8],
      768,
    ],
    [
      "2.1: a list, and linear projections",
      {
        attention_head_dim: [5, 10, 20, 20],
        cross_attention_dim: 1024,
        use_linear_projection: true,
        upcast_attention: true,
      },
      [5, 10, 20, 20],
      1024,
    ],
  ])("Stable Diffusion %s", (_, given, heads, width) => {
    const config = parseUNetConfig({ ...unet, ...given })
    expect(config.heads).toEqual(heads)
    expect(config.crossAttentionDim).toBe(width)
    expect(config.linearProjection).toBe("use_linear_projection" in given)
  })
})
