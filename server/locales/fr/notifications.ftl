# Messages que la ville envoie. Chaque message a un objet, une première phrase et un texte court (SMS).
message-your-report = Votre signalement « { $category } » ({ $reference })
message-your-report-neutral = Votre signalement { $reference }

message-acknowledgement-subject = { $reference } : votre signalement est bien arrivé
message-acknowledgement-lead = { $report } est bien arrivé. Merci. Ce message vaut accusé de réception.
message-acknowledgement-sms = { $town } : signalement { $reference } reçu. Code { $code }. { $link }
message-dispatched-subject = { $reference } : votre signalement est pris en charge
message-dispatched-lead = { $report } est pris en charge : une équipe en est chargée.
message-dispatched-sms = { $town } : { $reference } confié à une équipe. { $link }
message-planned-subject = { $reference } : l’intervention est programmée
message-planned-lead = { $report } : l’intervention est programmée.
message-planned-sms = { $town } : { $reference }, intervention programmée. { $link }
message-in-progress-subject = { $reference } : l’intervention a commencé
message-in-progress-lead = { $report } : une équipe y travaille.
message-in-progress-sms = { $town } : { $reference }, une équipe y travaille. { $link }
message-on-hold-subject = { $reference } : votre signalement est en attente
message-on-hold-lead = { $report } est en attente. Vous serez prévenu de la suite.
message-on-hold-sms = { $town } : { $reference } en attente. Motif : { $reason } { $link }
message-made-safe-subject = { $reference } : le danger est écarté
message-made-safe-lead = { $report } : le danger est écarté. La réparation reste à faire, vous serez prévenu.
message-made-safe-sms = { $town } : { $reference }, danger écarté, reste à réparer. { $link }
message-resolved-subject = { $reference } : c’est fait
message-resolved-lead = { $report } est traité. Merci de l’avoir signalé.
message-resolved-sms = { $town } : { $reference } est traité. Merci ! { $link }
message-rejected-subject = { $reference } : aucune suite ne peut être donnée
message-rejected-lead = { $report } est classé sans suite.
message-rejected-sms = { $town } : { $reference } sans suite. Motif : { $reason } { $link }
message-transferred-subject = { $reference } : votre signalement est transmis
message-transferred-lead = { $report } ne relève pas des services de la ville. Il est transmis à l’organisme compétent.
message-transferred-sms = { $town } : { $reference } transmis à un autre organisme. { $link }
message-taken-back-subject = { $reference } : la ville reprend votre signalement
message-taken-back-lead = { $report } est repris par la ville, qui l’examine de nouveau.
message-taken-back-sms = { $town } : { $reference } repris par la ville. { $link }
message-reopened-subject = { $reference } : le dossier est rouvert
message-reopened-lead = { $report } est rouvert : le problème est toujours là.
message-reopened-sms = { $town } : { $reference } est rouvert. { $link }
message-slipped-subject = { $reference } : le délai prévu ne sera pas tenu
message-slipped-lead = { $report } prendra plus de temps que prévu.
message-slipped-sms = { $town } : { $reference }, ce sera plus long que prévu. { $link }
message-photo-refused-subject = { $reference } : une photo n’a pas pu être utilisée
message-photo-refused-lead = { $report } est bien enregistré, mais une photo n’a pas pu être utilisée. Vous pouvez en envoyer une autre.
message-photo-refused-sms = { $town } : { $reference }, une photo est inutilisable. { $link }
message-late-evidence-subject = { $reference } : ce problème vient d’être traité
message-late-evidence-lead = { $report } est bien arrivé. Ce message vaut accusé de réception. Le problème vient d’être traité. Est-il toujours là ? Dites-le en suivant votre signalement : le dossier sera rouvert.
message-late-evidence-sms = { $town } : { $reference } déjà traité. Toujours là ? { $link }
message-merged-subject = { $reference } : votre signalement a été regroupé avec un autre
message-merged-lead = { $report } a été regroupé avec un autre qui concerne le même problème. Vous suivez désormais le dossier commun.
message-merged-sms = { $town } : { $reference } regroupé, suivi commun. { $link }
message-separated-subject = { $reference } : votre signalement est suivi à part
message-separated-lead = { $report } concerne un problème distinct : il est désormais suivi dans un dossier à part.
message-separated-sms = { $town } : { $reference } suivi dans un dossier à part. { $link }
message-moved-subject = { $reference } : votre signalement change de dossier
message-moved-lead = { $report } est désormais suivi dans un autre dossier.
message-moved-sms = { $town } : { $reference } change de dossier. { $link }

message-service-new-alert-subject = { $alert } : nouvelle alerte
message-service-new-alert-lead = Une nouvelle alerte « { $category } » est à la charge de votre service.
message-service-raised-severity-subject = { $alert } : DANGER ou urgence en hausse
message-service-raised-severity-lead = L’alerte « { $category } » est plus grave ou plus urgente que vous ne le saviez.
message-service-reminder-subject = { $alert } : relance
message-service-reminder-lead = Pour rappel, l’alerte « { $category } » attend une suite de votre part.
message-service-taken-back-subject = { $alert } : alerte reprise
message-service-taken-back-lead = L’alerte « { $category } » n’est plus à la charge de votre service.
message-supervisor-deadline-subject = { $alert } : délai dépassé
message-supervisor-deadline-lead = Dans son délai, le service n’a pas ouvert l’alerte « { $category } », ou n’a rien dit à qui l’a signalée.
message-on-call-unanswered-subject = { $alert } : personne n’a répondu à l’astreinte
message-on-call-unanswered-lead = L’alerte urgente « { $category } » a été envoyée à toute la chaîne d’astreinte, sans que personne ne la prenne en charge.
message-service-digest-subject = { $town } : { $count ->
    [one] { $count } nouvelle alerte
   *[other] { $count } nouvelles alertes
}
message-service-digest-lead = Ce qui est nouveau pour votre service depuis le dernier envoi.
message-hand-over-subject = { $alert } : signalement transmis par { $town }
message-hand-over-lead = { $town } vous transmet un signalement « { $category } » qui relève de votre compétence. Merci de répondre en rappelant la référence.
message-on-call-subject = { $alert } : URGENT
message-on-call-lead = Alerte urgente « { $category } ».
message-on-call-sms = URGENT { $town } { $alert } « { $category } » { $place }. Je m’en charge : { $link }

message-fact-reference = Référence
message-fact-alert = Dossier
message-fact-received = Reçu le
message-fact-category = Objet
message-fact-place = Lieu
message-fact-position = Position (latitude, longitude)
message-fact-service = Service chargé du dossier
message-fact-phone = Téléphone
message-fact-expected = Fin prévue
message-fact-reason = Motif
message-fact-note = Message du service
message-fact-review = Nouvel examen le
message-fact-planned = Intervention prévue le
message-fact-body = Organisme
message-fact-code = Code de suivi par téléphone
message-fact-closed = Traité le
message-fact-due = À faire avant le
message-fact-priority = Priorité
message-fact-reports = Signalements
message-fact-status = État
message-fact-since = Depuis

message-opened = C’est le premier signalement de ce problème.
message-joined-1 = Votre signalement s’ajoute à un dossier déjà ouvert.
message-joined-2-5 = Vous êtes plusieurs à l’avoir signalé : votre signalement s’ajoute au dossier déjà ouvert.
message-joined-6 = Vous êtes nombreux à l’avoir signalé : votre signalement s’ajoute au dossier déjà ouvert.
message-no-estimate = Nous n’avons pas encore assez de recul pour annoncer une date.
message-expected-range = entre le { $from } et le { $to }
message-emergency = En cas de danger immédiat, appelez : { $numbers }
message-follow = Suivre mon signalement
message-follow-phone = Par téléphone, donnez la référence { $reference } et le code { $code }.
message-privacy = Vos coordonnées servent seulement à vous tenir informé de ce signalement. Elles ne sont transmises à personne d’autre que le service chargé du dossier.
message-unsubscribe = Ne plus recevoir de messages sur ce signalement
message-automatic = Message automatique : merci de ne pas y répondre.
message-acknowledge-call = Je m’en charge
message-place-none = lieu indiqué dans le dossier
message-on-call-more = Autres alertes urgentes : { $more }.
message-withheld-recipient = Cette adresse ou ce numéro reçoit déjà beaucoup de messages en ce moment : aucun ne suivra pour ce signalement. Gardez le lien de suivi, ou la référence et le code.
message-withheld-town = Beaucoup de SMS partent en ce moment : aucun ne suivra pour ce signalement. Gardez le lien de suivi, ou la référence et le code.
message-reason-none = Le service n’a pas précisé de motif : vous pouvez l’appeler.

message-reason-for-material = une pièce ou un matériau est attendu
message-reason-for-weather = la météo ne le permet pas
message-reason-for-contractor = une entreprise doit intervenir
message-reason-for-budget = un financement est nécessaire
message-reason-for-other-body = un autre organisme doit intervenir ou se prononcer
message-reason-for-not-found = le problème n’a pas été trouvé sur place
message-reason-for-not-ours = le problème ne relève pas de la ville
message-reason-for-private-property = le lieu est une propriété privée
message-reason-for-duplicate = le problème est déjà suivi dans un autre dossier
message-reason-for-not-a-defect = ce qui est signalé est conforme
message-reason-for-unclear = le signalement ne permet pas de comprendre ou de situer le problème
message-reason-for-abuse = le signalement est injurieux ou sans rapport
message-reason-for-unreadable = la photo est illisible
message-reason-for-too-large = la photo est trop grande

message-priority-1 = basse
message-priority-2 = normale
message-priority-3 = haute
message-priority-4 = urgente

message-status-received = reçu
message-status-in-charge = pris en charge
message-status-planned = programmé
message-status-in-progress = en cours
message-status-on-hold = en attente
message-status-made-safe = danger écarté, réparation à venir
message-status-fixed = traité
message-status-refused = sans suite
message-status-transferred = transmis à l’organisme compétent

# Le premier du mois, et lui seul, se dit « 1er ».
message-date-long = { $day ->
    [1] 1er
   *[other] { $day }
} { $month } { $year }
message-date-time = { $date } à { $hour } h { $minute }
message-month-1 = janvier
message-month-2 = février
message-month-3 = mars
message-month-4 = avril
message-month-5 = mai
message-month-6 = juin
message-month-7 = juillet
message-month-8 = août
message-month-9 = septembre
message-month-10 = octobre
message-month-11 = novembre
message-month-12 = décembre

page-unsubscribe-title = Ne plus recevoir de messages
page-unsubscribe-question = Voulez-vous ne plus recevoir de messages sur ce signalement ? Le signalement reste enregistré et suivi.
page-unsubscribe-button = Ne plus recevoir de messages
page-unsubscribe-done = C’est noté : vous ne recevrez plus de messages sur ce signalement.
page-on-call-title = Astreinte
page-on-call-question = Alerte { $alert } : vous vous en chargez ?
page-on-call-button = Je m’en charge
page-on-call-done = C’est noté : la personne suivante ne sera pas appelée.
page-kept-mail-title = Messages conservés
page-kept-mail-none = Aucun message pour l’instant.
page-kept-mail-back = Tous les messages
page-kept-mail-explained = Sans relais de messagerie ni passerelle SMS, les messages sont conservés ici au lieu d’être envoyés.
page-kept-mail-as-text = Le même message en texte simple
page-letter-thanks = Veuillez agréer, Madame, Monsieur, nos salutations distinguées.

field-note_too_long = Au plus 2 000 caractères.
