#!/bin/sh
# From a bank of objects and sounds to the compact checkpoint that ships, judged on the bank's
# held-out sources:
#
#   [EAR_MINUTES=40] [HEAD_TIME=42m] examples/train_compact.sh BANK VERSION [OPTION ...]
#
# The whole network is trained first, then its ear by sounds alone, then what lies behind both
# encoders. OPTIONs go to the first 'avsseg train', for example
#     --time 6h                                     the budget
#     --set init.backbone=FILE --set init.audio_encoder=FILE    encoders to start from
#     --init-from avsseg-compact                    the shipped network, trained further
#     --resume runs/train/compact                   a training that was stopped
# The layout of a bank is described by 'avsseg data synth --help'.

set -eu

bank=${1:?usage: train_compact.sh BANK VERSION [train options]}
version=${2:?usage: train_compact.sh BANK VERSION [train options]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}

recipe="$here/train_compact.toml"

$python -m avsseg train "$recipe" --set data.replay.bank="$bank" "$@"
run=$(ls -td runs/train/compact* | head -n 1)
$python "$here/train_ear.py" "$bank" "$run/best.safetensors" -o "$run/ear.safetensors" \
    --minutes "${EAR_MINUTES:-40}"
$python -m avsseg train "$recipe" --set data.replay.bank="$bank" --set name=compact-head \
    --init-from "$run/ear.safetensors" --time "${HEAD_TIME:-42m}" \
    --set model.image_size=320 --set optimisation.sizes=[] \
    --set data.replay.stored_maps=4 --set optimisation.freeze_backbone=true \
    --set data.replay.batch_frames=60 --set data.replay.new_pictures=4 --set data.replay.capacity=9000 \
    --set data.workers=1 --set optimisation.lr=1e-3 --set optimisation.ema=0.997 \
    --set optimisation.warmup=30 --set init.backbone= --set init.audio_encoder=
run=$(ls -td runs/train/compact-head* | head -n 1)
$python "$here/ship_weights.py" "$run/best.safetensors" --version "$version" --resolution 384
$python -m avsseg eval --bank "$bank" --weights avsseg-compact --seeds 0,1,2 --output "$run/eval"
