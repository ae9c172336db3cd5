#!/bin/sh
# From a bank of objects and sounds to the compact checkpoint that ships, judged on the bank's
# held-out sources:
#
#   [EAR_MINUTES=40] [EAR_SHARE=0.25] examples/train_compact.sh BANK VERSION [OPTION ...]
#
# The whole network is trained first. Then its ear is taught by sounds alone, and averaged with the
# one that came in, so that sounds unlike the bank's are told as before.
# OPTIONs go to 'avsseg train', for example
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

$python -m avsseg train "$here/train_compact.toml" --set data.replay.bank="$bank" "$@"
run=$(ls -td runs/train/compact* | head -n 1)
$python "$here/train_ear.py" "$bank" "$run/best.safetensors" -o "$run/ear.safetensors" \
    --minutes "${EAR_MINUTES:-40}"
$python "$here/average_weights.py" "$run/ear.safetensors" "$run/best.safetensors" \
    --share "${EAR_SHARE:-0.25}" -o "$run/averaged.safetensors"
$python "$here/ship_weights.py" "$run/averaged.safetensors" --version "$version"
$python -m avsseg eval --bank "$bank" --weights avsseg-compact --seeds 0,1,2 --output "$run/eval"
