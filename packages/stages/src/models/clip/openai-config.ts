import type { CheckpointFile } from "../../formats/index.ts"

/**
 * The configuration that the shapes of OpenAI's weights mean, in open_clip's words: OpenAI's files have none. Heads are
 * 64 wide, and the activation is QuickGELU, as in all of OpenAI's models.
 *
 * @param weights by open_clip's names
 */
export const configOfShapes = (weights: CheckpointFile): Readonly<Record<string, unknown>> => {
  const shape = (name: string): ReadonlyArray<number> => weights.entry(name).shape
  const names = weights.names()
  const layers = (prefix: string): number =>
    names.filter((name) => name.startsWith(`${prefix}.resblocks.`) && name.endsWith(".ln_1.weight")).length
  const [width = 0, , , patch = 0] = shape("visual.conv1.weight")
  const [positions = 0] = shape("visual.positional_embedding")
  const [context] = shape("positional_embedding")
  const [textWidth = 0, embed] = shape("text_projection")
  return {
    embed_dim: embed,
    quick_gelu: true,
    vision_cfg: {
      image_size: patch * Math.sqrt(positions - 1),
      layers: layers("visual.transformer"),
      width,
      head_width: 64,
      patch_size: patch,
    },
    text_cfg: {
      context_length: context,
      vocab_size: shape("token_embedding.weight")[0],
      width: textWidth,
      heads: textWidth / 64,
      layers: layers("transformer"),
    },
  }
}
