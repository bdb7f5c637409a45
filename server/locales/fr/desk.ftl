field-date_passed = Cette date est déjà passée, ou ne laisse pas le temps d’agir.
field-use_dispatch = Une équipe se désigne par /dispatch.
field-text = Texte trop long (4 000 caractères au plus) ou illisible.
field-minutes = Entre 0 et 100 000 minutes.
field-material = 100 lignes au plus ; chacune avec un nom et une quantité qui n’est pas négative.
field-unknown_body = Cet organisme n’existe pas.
field-body_takes_nothing = Cet organisme ne reçoit pas de transmission.
field-same_service = Ce service en est déjà chargé.
field-desk_category = Cette catégorie n’existe pas ou ne reçoit pas de signalement.
field-priority = Entre 1 (basse) et 4 (urgente).
field-severity = Entre 0 (normale) et 2 (danger).
field-unknown_photo = L’une de ces photos n’est pas une photo de la réparation de cette alerte.
field-accuracy = Un nombre de mètres, positif.
field-action_position = Cette position n’existe pas ; longitude puis latitude, en degrés.
field-unknown_status = L’un de ces statuts n’existe pas.
field-search_words = Entre 2 et 100 caractères.
field-bbox = Ouest, sud, est, nord, en degrés, séparés par des virgules.
field-h3 = Ceci n’est pas une cellule H3.
field-resolution = Entre 0 et 11.

field-same_alert = C’est la même alerte.
field-unknown_report = L’un de ces signalements n’appartient pas à cette alerte.
field-one_must_stay = Un signalement au moins doit rester dans l’alerte ; sinon, fusionnez-la.
field-twice = Le même signalement figure deux fois.

regroup-other-category = Les catégories diffèrent.
regroup-other-service = Les services diffèrent.
regroup-far-apart = Les lieux sont trop éloignés pour une seule alerte de cette catégorie.
regroup-contradicts-verdict = Une personne a indiqué qu’il ne s’agit pas du même problème.

decision-open = Ouvre l’alerte : rien de semblable à proximité.
decision-suggest = Ouvre l’alerte : une autre alerte décrit peut-être le même problème, à vous de juger.
decision-join = Rattaché automatiquement : très probablement le même problème.
decision-late-evidence = Rattaché à une alerte close : observé avant la clôture, arrivé après.
decision-person = L’auteur du signalement a indiqué qu’il s’agit du même problème.
decision-merge = Une personne a fusionné deux alertes.
decision-split = Une personne a détaché ce signalement.
decision-move = Une personne a déplacé ce signalement.
decision-undo = Une personne est revenue sur une correction.

reason-prior = Probabilité de départ, avant toute comparaison
reason-distance = À { $value } m
reason-category = Catégories compatibles : { $value } sur 1
reason-age = { $value ->
    [one] { $value } jour entre les deux observations
   *[other] { $value } jours entre les deux observations
}
reason-past-here = { $value ->
    [one] { $value } signalement semblable au même endroit par le passé
   *[other] { $value } signalements semblables au même endroit par le passé
}
reason-past-around = { $value ->
    [one] { $value } signalement semblable aux alentours par le passé
   *[other] { $value } signalements semblables aux alentours par le passé
}
reason-address = Adresses : { $value ->
    [one] { $value } numéro d’écart
   *[other] { $value } numéros d’écart
}
reason-address-street = Adresses : rues différentes
reason-asset = Même numéro d’inventaire : { $value }
reason-text = Ressemblance des descriptions : { $value } sur 1
reason-photo = Photos : { $value ->
    [one] { $value } bit d’écart sur 64
   *[other] { $value } bits d’écart sur 64
}
reason-same-sender = Même expéditeur, { $value ->
    [one] { $value } minute plus tard
   *[other] { $value } minutes plus tard
}
reason-verdict = Une personne a indiqué s’il s’agit du même problème
reason-for = { $reason } (plaide pour)
reason-against = { $reason } (plaide contre)
reason-neutral = { $reason } (sans effet)

barrier-not-same = Une personne a indiqué qu’il ne s’agit pas du même problème.
barrier-closed = L’alerte était déjà close.
barrier-rejected = L’alerte a été refusée.
barrier-span = L’alerte deviendrait trop étendue.
barrier-accuracy = La position est trop imprécise et aucun autre indice ne va dans ce sens.
barrier-default-point = La position est un point par défaut et aucun autre indice ne va dans ce sens.
barrier-not-silently = La règle de cette catégorie demande l’avis d’une personne avant tout regroupement.
field-too_many_reports = Au plus 500 signalements à la fois.
