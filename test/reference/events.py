"""python events.py FILE : the scalars of an event file, as TensorBoard's reader gives them."""
import json, sys
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

scalars = {}
for event in EventFileLoader(sys.argv[1]).Load():
    for value in event.summary.value:
        number = value.simple_value if value.WhichOneof("value") == "simple_value" else value.tensor.float_val[0]
        scalars.setdefault(value.tag, []).append([event.step, number, event.wall_time])
print(json.dumps(scalars))
