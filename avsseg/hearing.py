"""What a network's audio encoder hears, told to the gate in terms of events and silence."""

from avsseg.examine import silent_embedding
from avsseg.gate import SoundGate
from avsseg.model.segmenter import AVSegmenter
from avsseg.moments import Moment
from avsseg.novelty import Novelty
from avsseg.sound_classes import event_score, silence_score


class Hearing:
    """Tells one film's gate about its moments, in order of time.

    An encoder that names what it hears gives the scores of its classes. Of any other it is asked
    what is new against the film's own background.

    Args:
        gate: is told.
        model: whose encoder it is.
    """

    def __init__(self, gate: SoundGate, model: AVSegmenter) -> None:
        self._gate, self._model = gate, model
        self._novelty: Novelty | None = None

    def tell(self, moment: Moment) -> None:
        """One moment; what is not known of it is not told."""
        if moment.heard is not None:
            self._tell(moment, event_score(moment.heard), silence_score(moment.heard))
        elif moment.embedding is not None:
            known = self._novelty = self._novelty or Novelty(silent_embedding(self._model))
            self._tell(moment, known.event(moment.embedding), known.silence(moment.embedding))
            if not self._gate.loud_near(moment.time):
                known.learn(moment.embedding)

    def _tell(self, moment: Moment, event: float, silence: float) -> None:
        self._gate.hear(moment.time, event=event, silence=silence)
