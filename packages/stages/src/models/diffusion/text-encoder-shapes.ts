import { layer, type ParameterShapes, shapesOf } from "./parameter-shapes.ts"
import type { TextEncoderConfig } from "./text-encoder-config.ts"

/** The parameters that a text encoder of this structure has. */
export const textEncoderShapes = (config: TextEncoderConfig): ParameterShapes => {
  const width = config.hiddenSize
  return shapesOf([
    ["embeddings.token_embedding.weight", [config.vocabularySize, width]],
    ["embeddings.position_embedding.weight", [config.contextLength, width]],
    ...Array.from({ length: config.layers }, (_, index) => `encoder.layers.${index}`).flatMap((name) => [
      ...layer(`${name}.layer_norm1`, width),
      ...["q_proj", "k_proj", "v_proj", "out_proj"].flatMap((part) =>
        layer(`${name}.self_attn.${part}`, width, width),
      ),
      ...layer(`${name}.layer_norm2`, width),
      ...layer(`${name}.mlp.fc1`, config.intermediateSize, width),
      ...layer(`${name}.mlp.fc2`, width, config.intermediateSize),
    ]),
    ...layer("final_layer_norm", width),
  ])
}
